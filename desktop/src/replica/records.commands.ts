import type { Queued, ReplicaRecord } from "#contract";
import { DomainError, type JsonObject } from "@kontor/shared/base";
import type { RecordDoc } from "@kontor/shared/objects";
import type { CommandQueue } from "./command.queue.ts";
import type { CommandsOf } from "./commandTable.ts";
import type { Replica } from "./replica.ts";

export function createRecordCommands(replica: Replica, { queue, viewOf }: CommandQueue): CommandsOf<"record"> {
  const { outbox, rows } = replica;

  function titleOf(id: string): string {
    const record = viewOf<ReplicaRecord>("records", id);
    if (!record) throw new DomainError("notFound", "This record is not here any more.", { reason: "record.unknown" });
    return record.title;
  }

  const queueRecord = (id: string, name: string, args: object, title = titleOf(id)): Queued =>
    queue({ collection: "records", id, name, args, title });

  /** Edits of a record that wait behind each other unsent are one edit; an unsent new record simply takes the value. */
  function edit(id: string, set: JsonObject): Queued {
    const title = titleOf(id);
    const last = outbox.pendingOf("records", id).at(-1);
    if (last?.name === "record.edit") {
      const { set: before, base } = last.args as { set: JsonObject; base: JsonObject };
      const args = { set: { ...before, ...set }, base: { ...basesOf(id, set, last.mid), ...base } };
      if (replica.amend(last.mid, args)) return { mid: last.mid };
    }
    if (last?.name === "record.create") {
      const { fields, ...rest } = last.args as { fields: JsonObject };
      if (replica.amend(last.mid, { ...rest, fields: { ...fields, ...set } })) return { mid: last.mid };
    }
    return queueRecord(id, "record.edit", { set, base: basesOf(id, set) }, title);
  }

  /** The revision of each field that the author saw: the server's, and one more for each own edit on its way. */
  function basesOf(id: string, set: JsonObject, except?: string): JsonObject {
    const revs = (rows.serverRow("records", id) as RecordDoc | undefined)?.revs ?? {};
    const edits = outbox
      .pendingOf("records", id)
      .filter((intent) => intent.name === "record.edit" && intent.mid !== except);
    return Object.fromEntries(
      Object.keys(set).map((field) => {
        const own = edits.filter((intent) => field in ((intent.args["set"] ?? {}) as JsonObject)).length;
        return [field, (revs[field] ?? 0) + own];
      }),
    );
  }

  return {
    "record.create": ({ id, type, fields }) =>
      queueRecord(id, "record.create", { type, fields }, titleIn(fields, type)),
    "record.edit": ({ id, set }) => edit(id, set),
    "record.transition": ({ id, transition }) => queueRecord(id, "record.transition", { transition }),
    "record.delete": ({ id }) => queueRecord(id, "record.delete", {}),
    "record.restore": ({ id }) => queueRecord(id, "record.restore", {}),
    "record.resolve": ({ id, ...args }) => queueRecord(id, "record.resolve", args),
  };
}

/** A new record's name before its view is there: its first text. */
const titleIn = (fields: Readonly<Record<string, unknown>>, type: string): string =>
  Object.values(fields)
    .find((value) => typeof value === "string" && value !== "")
    ?.toString() ?? type;
