import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { RecordDoc, TypeDefinition } from "@kontor/shared/objects";
import { call } from "../../api/api.ts";

const SEARCH_MS = 250;
const FOUND = "12";
interface RecordsReply {
  readonly records: readonly Pick<RecordDoc, "id" | "title" | "number">[];
}

export const useTypes = () =>
  useQuery({
    queryKey: ["types"],
    queryFn: async () => (await call<{ types: readonly TypeDefinition[] }>("GET", "/types")).types,
    staleTime: 60_000,
  });

/** Records of a type by title or number: those that the administrator may read, and those that the person asked about may. */
export function useRecordSearch(type: string, search: string, userId: string): RecordsReply["records"] {
  const [settled] = useDebouncedValue(search.trim(), SEARCH_MS);
  const definition = useTypes().data?.find(({ name }) => name === type);
  const found = useQuery({
    queryKey: ["access", "records", type, settled, userId],
    enabled: definition !== undefined,
    placeholderData: keepPreviousData,
    queryFn: async () => {
      const pages = await Promise.all([
        ...fieldsToSearch(definition, settled).map((field) => ownRecords(type, field, settled)),
        theirRecords(type, userId, settled),
      ]);
      return [...new Map(pages.flat().map((record) => [record.id, record])).values()];
    },
  });
  return found.data ?? [];
}

/** Without a search, the newest. */
function fieldsToSearch(definition: TypeDefinition | undefined, search: string): readonly string[] {
  if (!definition || search === "") return [""];
  const numbers = Object.entries(definition.fields).filter(([, field]) => field.kind === "autoNumber");
  return [...new Set([definition.titleField, ...numbers.map(([key]) => key)])];
}

async function ownRecords(type: string, field: string, search: string) {
  const query = new URLSearchParams({ type, limit: FOUND });
  if (field !== "") query.set("filter", JSON.stringify({ [field]: { contains: search } }));
  // a field that the administrator may not read cannot be searched by them; the other ones may still find it
  const reply = await call<RecordsReply>("GET", `/records?${query}`).catch(() => ({ records: [] }));
  return reply.records;
}

async function theirRecords(type: string, userId: string, search: string) {
  if (userId === "") return [];
  const body = { userId, type, limit: 200 };
  const { records } = await call<RecordsReply>("POST", "/access/view-as/records", body).catch(() => ({ records: [] }));
  const wanted = search.toLocaleLowerCase();
  const fits = records.filter(({ title, number = "" }) => `${title} ${number}`.toLocaleLowerCase().includes(wanted));
  return fits.slice(0, Number(FOUND));
}
