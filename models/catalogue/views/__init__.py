"""One module a group of views, declarations only. `ALL` is the order in which they are published."""

from __future__ import annotations

from models.catalogue.views import activity, care, dimensions, incidents, records, responses, trust

ALL = dimensions.VIEWS + incidents.VIEWS + responses.VIEWS + care.VIEWS + activity.VIEWS + records.VIEWS + trust.VIEWS
