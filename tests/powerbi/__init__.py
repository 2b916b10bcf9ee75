"""The templates for Power BI: model, measures, report, packages."""
