// Reads the service with the client that SAP's Cloud SDK generator made of $metadata; compiled together with it by tsc.
// The key goes into the destination, as in SAP's cloud. Out: what was read, by name of the check.
import { and, asc, desc, or } from "@sap-cloud-sdk/odata-v4";
import moment from "moment";
import { batch, crisis } from "./client/crisis";

const destination = {
  url: process.env.SERVICE_ROOT!,
  username: process.env.KEY_ID!,
  password: process.env.KEY_SECRET!,
};
const { areasApi, callsApi, codesApi, hourlyActivityApi } = crisis();
const urgent = callsApi.schema.PRIORITY_CODE.equals("1");

const reads: Record<string, () => Promise<unknown>> = {
  "list, selected, sorted": async () => {
    const { AREA_ID, AREA_NAME } = areasApi.schema;
    const found = await areasApi.requestBuilder().getAll().select(AREA_ID, AREA_NAME).orderBy(desc(AREA_NAME)).top(20)
      .execute(destination);
    return found.map((area) => [area.areaId, area.areaName]);
  },
  "filter and count": async () => callsApi.requestBuilder().getAll().filter(urgent).count().execute(destination),
  "and, or, on numbers and texts": async () => {
    const { AREA_ID, CALL_ID, UNIT_COUNT } = callsApi.schema;
    const filter = and(or(urgent, callsApi.schema.PRIORITY_CODE.equals("2")), UNIT_COUNT.greaterOrEqual(2));
    const found = await callsApi.requestBuilder().getAll().select(CALL_ID, AREA_ID).filter(filter).orderBy(asc(CALL_ID))
      .execute(destination);
    return found.map((call) => [call.callId.toFixed(), call.areaId]);
  },
  "filter on a moment": async () => {
    const since = callsApi.schema.CALL_ARRIVAL.greaterOrEqual(moment("2026-03-01T12:00:00Z"));
    const found = await callsApi.requestBuilder().getAll().select(callsApi.schema.CALL_ARRIVAL).filter(since).top(50)
      .execute(destination);
    return found.map((call) => call.callArrival.toISOString());
  },
  "one key": async () => (await areasApi.requestBuilder().getByKey("001").execute(destination)).areaName,
  "key of several columns": async () =>
    (await codesApi.requestBuilder().getByKey("priority", "1").execute(destination)).label,
  "expand, nested select": async () => {
    const { AREA, CALL_ID } = callsApi.schema;
    const found = await callsApi.requestBuilder().getAll().select(CALL_ID)
      .expand(AREA.select(areasApi.schema.AREA_NAME)).top(30).execute(destination);
    return found.map((call) => [call.callId.toFixed(), call.area?.areaName]);
  },
  "skip and top": async () => {
    const found = await callsApi.requestBuilder().getAll().select(callsApi.schema.CALL_ID).skip(100).top(10)
      .execute(destination);
    return found.map((call) => call.callId.toFixed());
  },
  "search": async () => {
    const found = await areasApi.requestBuilder().getAll().addCustomQueryParameters({ "$search": "Park" })
      .execute(destination);
    return found.map((area) => area.areaId);
  },
  "types of values": async () => {
    const found = await hourlyActivityApi.requestBuilder().getAll().top(40).execute(destination);
    return found.map((cell) => [cell.periodCode, cell.weekday, cell.eventCount.toFixed(), cell.meanPerHour.toFixed()]);
  },
  "$batch of two reads": async () => {
    const [areas, area] = await batch(
      areasApi.requestBuilder().getAll().top(2), areasApi.requestBuilder().getByKey("001"),
    ).execute(destination);
    if (!areas.isSuccess() || !area.isSuccess() || !areas.isReadResponse() || !area.isReadResponse()) {
      throw new Error(JSON.stringify([areas, area]));
    }
    return [areas.as(areasApi).map((row) => row.areaId), area.as(areasApi).map((row) => row.areaName)];
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
