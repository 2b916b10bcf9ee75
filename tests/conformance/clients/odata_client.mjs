// Reads the service with @odata/client, a plain JSON client that names no OData-MaxVersion; prints it by name of the check.
import { EdmV4, OData } from "@odata/client";

const client = OData.New4({
  serviceEndpoint: process.env.ODATA_ROOT,
  credential: { username: process.env.KEY_ID, password: process.env.KEY_SECRET },
  // By itself it accepts JSON alone, also as the form of a batch, which it then cannot read.
  commonHeaders: { Accept: "application/json;q=0.9, multipart/mixed" },
});
const [calls, areas] = ["Calls", "Areas"].map((name) => client.getEntitySet(name));
const filter = () => client.newFilter();
const options = () => client.newOptions();
const ids = (rows) => rows.map((row) => row.CallId);
const urgent = () => filter().property("PriorityCode").eq("1");
const since = new Date("2026-03-01T12:00:00Z");

const reads = {
  "filter on a text": async () => ids(await calls.query(urgent())),
  "filter, order, select, top": async () =>
    calls.query(options().filter(filter().property("UnitCount").gt(1)).orderby("CallArrival", "desc")
      .select(["CallId", "AreaId"]).top(15)),
  "skip": async () => (await areas.query(options().orderby("AreaName", "asc").skip(10).top(5))).map((area) => area.AreaId),
  "count": async () => calls.count(urgent()),
  "count of all": async () => calls.count(),
  "key": async () => (await areas.retrieve("001")).AreaName,
  "in": async () => ids(await calls.query(filter().property("AreaId").in(["001", "005"]))),
  "a moment": async () => calls.count(filter().property("CallArrival").ge(EdmV4.DateTimeOffset.from(since))),
  "a moment as before version 4": async () => {
    const old = filter().property("CallArrival").betweenDateTimeOffset(since, new Date("2026-03-08T00:00:00Z"));
    return (await calls.query(old).catch((error) => error)).message;
  },
  "null": async () => calls.count(filter().property("IncidentId").eq(null)),
  "expand": async () =>
    (await calls.query(options().expand("Area").top(10))).map((call) => [call.CallId, call.Area.AreaName]),
  "search": async () => (await areas.query(options().search("Park", false))).map((area) => area.AreaId),
  "$batch": async () => {
    const [found, counted] = await client.execBatchRequests([
      client.newBatchRequest({ collection: "Areas", params: client.newParam().top(2) }),
      client.newBatchRequest({ collection: "Calls", params: client.newParam().top(0).count(true) }),
    ]);
    return [(await found.json()).value.map((area) => area.AreaId), (await counted.json())["@odata.count"]];
  },
  "an error names the property": async () => {
    const failed = await calls.query(filter().property("Nope").eq(1)).catch((error) => error);
    return failed.message;
  },
};

const answers = {};
for (const [name, read] of Object.entries(reads)) {
  answers[name] = await read().catch((error) => `${error.name}: ${error.message}`);
}
process.stdout.write(JSON.stringify(answers));
