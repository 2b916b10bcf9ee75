"""Publishing the Power BI items of an audience into a Fabric workspace, through fabric-cicd, an optional extra."""
