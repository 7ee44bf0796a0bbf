import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  everybody,
  OPEN,
  policies,
  secrets,
  startGuardedOffice,
  type GuardedOffice,
  type Who,
} from "./enforcement/guardedOffice.ts";

let office: GuardedOffice;
let recordId: string;
beforeAll(async () => {
  office = await startGuardedOffice();
  ({ recordId } = await office.fresh());
}, 120_000);
afterAll(() => office?.stop());

interface Page {
  readonly records: readonly { readonly id: string; readonly fields: object }[];
  readonly nextCursor?: string;
}
interface Viewed {
  readonly readable: boolean;
  readonly record?: object;
  readonly fields: readonly {
    readonly name: string;
    readonly access: unknown;
    readonly editable: boolean;
    readonly policyId?: string;
  }[];
  readonly can: readonly { readonly action: string; readonly allowed: boolean; readonly policyId?: string }[];
}

const administrate = <T>(method: string, path: string, body?: object): Promise<T> =>
  office.administrator.json<T>(method, `/api/access${path}`, body);
const viewAs = (who: Who, body: object = {}) =>
  administrate<Viewed>("POST", "/view-as/record", { userId: office.userIds[who], id: recordId, ...body });
const fieldOf = (viewed: Viewed, name: string) => viewed.fields.find((field) => field.name === name);

describe("view as", () => {
  it.each(everybody)("shows of a list and a record exactly what %s is sent", async (who) => {
    const own = await office.clients[who]
      .json<Page>("GET", "/api/records?type=employee")
      .catch((): Page => ({ records: [] }));
    const theirs = await administrate<Page>("POST", "/view-as/records", {
      userId: office.userIds[who],
      type: "employee",
    }).catch((): Page => ({ records: [] }));
    expect(theirs.records).toEqual(own.records);
    const card = await office.clients[who].json<object>("GET", `/api/records/${recordId}`).catch(() => undefined);
    expect((await viewAs(who)).record).toEqual(card);
  });

  it("says of every field how it is shown, whether it can be changed, and by which policy", async () => {
    const masked = await viewAs("masked");
    expect(JSON.stringify(masked)).toContain(OPEN);
    for (const secret of Object.values(secrets)) expect(JSON.stringify(masked)).not.toContain(secret);
    expect(fieldOf(masked, "fullName")).toMatchObject({ access: "visible", editable: true, policyId: "masked" });
    expect(fieldOf(masked, "staffNumber")).toMatchObject({ access: "absent", editable: false, policyId: "masked" });
    expect(fieldOf(masked, "workPhone")).toMatchObject({ access: { redact: "all" }, policyId: "masked" });
    expect(fieldOf(masked, "salary")).toMatchObject({ access: "absent", editable: false });
    const readOnly = await viewAs("readOnly");
    expect(readOnly.can.filter(({ allowed }) => allowed).map(({ action }) => action)).toEqual(["read"]);
    expect(await viewAs("nothing")).toMatchObject({ readable: false });
  });

  it("under a draft shows what it would be, and the set in force stays what it is", async () => {
    const draft = await administrate<{ id: string; version: number }>("POST", "/drafts", { title: "No pay" });
    const noPay = {
      id: "no-pay",
      title: "No pay",
      effect: "deny",
      resource: "employee",
      actions: ["*"],
      sections: ["pay"],
    };
    await administrate("PUT", `/drafts/${draft.id}`, { title: "No pay", version: 1, policies: [...policies, noPay] });
    expect(fieldOf(await viewAs("everything", { draftId: draft.id }), "salary")).toMatchObject({
      access: "absent",
      policyId: "no-pay",
    });
    expect(fieldOf(await viewAs("everything"), "salary")).toMatchObject({ access: "visible", policyId: "everything" });
    const explained = await administrate<{ field: object }>("POST", "/explain", {
      userId: office.userIds.everything,
      action: "read",
      type: "employee",
      id: recordId,
      field: "salary",
      draftId: draft.id,
    });
    expect(explained.field).toEqual({ name: "salary", access: "absent" });
  });

  it("is for administrators, and each look is in the audit log, with whom and at what", async () => {
    await expect(
      office.clients.everything.json("POST", "/api/access/view-as/record", {
        userId: office.userIds.masked,
        id: recordId,
      }),
    ).rejects.toThrow("403");
    await viewAs("masked");
    const { rows } = await office.test.pool.query(
      "select login, object_id, details from audit_entry where action = 'access.viewedAs' order by at desc, id desc limit 1",
    );
    expect(rows).toEqual([
      expect.objectContaining({
        login: "root",
        object_id: office.userIds.masked,
        details: expect.objectContaining({ recordId }),
      }),
    ]);
  });
});

describe("what the form offers", () => {
  it("is every type with its words, what can be one relation away, and values by name or by themselves", async () => {
    const { resources, subject } = await administrate<{
      resources: {
        name: string;
        label?: object;
        attributes: { name: string; label?: object; options?: object[]; of?: string }[];
      }[];
      subject: { name: string }[];
    }>("GET", "/vocabulary");
    const contract = resources.find(({ name }) => name === "contract");
    const attribute = (name: string) => contract?.attributes.find((each) => each.name === name);
    expect(contract?.label).toEqual({ en: "Contract", ru: "Договор" });
    expect(attribute("state")?.options).toContainEqual({
      value: "draft",
      label: { en: "Draft", ru: expect.any(String) },
    });
    expect(attribute("counterparty.state")?.label ?? attribute("counterparty.id")).toBeDefined();
    expect(attribute("responsible")).toMatchObject({ of: "person" });
    expect(resources.every(({ label }) => label !== undefined)).toBe(true);
    expect(subject.filter(({ name }) => name.startsWith("granted."))).toEqual([]);
    const valuesOf = async (query: string) =>
      (await administrate<{ values: { value: string }[] }>("GET", `/values?${query}`)).values.map(({ value }) => value);
    expect(await valuesOf("of=group&search=read-only")).toEqual(["read-only"]);
    expect(await valuesOf(`of=person&search=${office.userIds.masked}`)).toEqual([office.userIds.masked]);
    expect(await valuesOf("of=department&search=кадр")).toEqual([office.departmentId]);
    expect(await valuesOf("of=person&search=%25")).toEqual([]);
  });
});
