"""Model and report of each audience -> the files under `powerbi/templates`: projects, template files, connections."""

from powerbi.package.assembly import default_address, project, templates

__all__ = ["default_address", "project", "templates"]
