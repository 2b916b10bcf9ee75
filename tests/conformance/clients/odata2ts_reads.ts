// Reads the service with the typed client that odata2ts made of $metadata; compiled together with it by tsc, strict.
// Out: what was read, by name of the check.
import { FetchClient } from "@odata2ts/http-client-fetch";
import { CrisisMetricsService } from "./generated/CrisisMetricsService";

const login = Buffer.from(`${process.env.KEY_ID}:${process.env.KEY_SECRET}`).toString("base64");
const client = new FetchClient({ headers: { Authorization: `Basic ${login}` } });
const service = new CrisisMetricsService(client, process.env.ODATA_ROOT!.replace(/\/$/, ""));

const reads: Record<string, () => Promise<unknown>> = {
  "list, selected, sorted": async () => {
    const answer = await service.Areas().query((query, area) =>
      query.select("AreaId", "AreaName").orderBy(area.AreaName.desc()).top(20));
    return answer.data.value;
  },
  "filter and count": async () => {
    const answer = await service.Calls().query((query, call) =>
      query.select("CallId").filter(call.PriorityCode.eq("1").and(call.UnitCount.gt(0))).count());
    return [answer.data["@odata.count"], answer.data.value.map((call) => call.CallId)];
  },
  "filter on a moment and a text": async () => {
    const answer = await service.Calls().query((query, call) =>
      query.select("CallId").filter(call.CallArrival.ge("2026-03-01T12:00:00Z"), call.TeamCode.contains("_n")));
    return answer.data.value.map((call) => call.CallId);
  },
  "filter on a day, or": async () => {
    const answer = await service.DailyCalls().query((query, row) =>
      query.filter(row.OperationalDate.lt("2025-11-01").or(row.CallCount.gt(2))).count().top(0));
    return answer.data["@odata.count"];
  },
  "one key": async () => (await service.Areas("001").query()).data.AreaName,
  "key of several columns": async () =>
    (await service.Codes({ CodeList: "priority", Code: "1" }).query((query) => query.select("Label"))).data.Label,
  "navigation": async () => {
    const first = await service.Calls().query((query, call) => query.orderBy(call.CallId.asc()).top(1));
    return (await service.Calls(first.data.value[0].CallId).Area().query()).data.AreaName;
  },
  "expand, nested select": async () => {
    const answer = await service.Calls().query((query) =>
      query.select("CallId").top(30).expanding("Area", (nested) => nested.select("AreaName")));
    return answer.data.value.map((call) => [call.CallId, call.Area?.AreaName]);
  },
  "search": async () => {
    const answer = await service.Areas().query((query) => query.search("Park").select("AreaId"));
    return answer.data.value.map((area) => area.AreaId);
  },
  "groups": async () => {
    const answer = await service.DailyCalls().query((query) => query.groupBy("PriorityCode"));
    return answer.data.value.map((row) => row.PriorityCode);
  },
  "types of values": async () => {
    const answer = await service.HourlyActivity().query((query) => query.top(40));
    return answer.data.value.map((cell) => [cell.PeriodCode, cell.Weekday, cell.EventCount, cell.MeanPerHour]);
  },
};

async function main(): Promise<void> {
  const answers: Record<string, unknown> = {};
  for (const [name, read] of Object.entries(reads)) {
    answers[name] = await read().catch((error: Error) => `${error.name}: ${error.message}`);
  }
  process.stdout.write(JSON.stringify(answers));
}

void main();
