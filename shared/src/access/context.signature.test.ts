import { describe, expect, it } from "vitest";
import { aContract, anna, engineOf, noon } from "../../test/access/contract.ts";
import type { Condition, Context } from "./index.ts";

const office: Condition = { cidr: ["ctx.ip", "10.66.0.0/16"] };
const from = (changes: Partial<Context>): Context => ({ ...noon, ...changes });

describe("the signature of a context", () => {
  it("is empty where no policy asks for more than time and channel", () => {
    const engine = engineOf(
      { when: { and: [{ eq: ["ctx.channel", "desktop"] }, { before: ["ctx.time", "2027-01-01T00:00:00Z"] }] } },
      { when: { eq: ["obj.owner", "sub.id"] } },
    );
    expect(engine.contextSignature(from({ ip: "10.66.0.1", deviceTrusted: true }))).toBe("");
  });

  it("is one for all addresses of one range, and differs for every outcome", () => {
    const engine = engineOf({ when: office });
    const signatures = ["10.66.0.1", "10.66.200.9", "::ffff:10.66.0.1", "192.0.2.1", undefined].map((ip) =>
      engine.contextSignature(from({ ip })),
    );
    expect(new Set(signatures.slice(0, 3)).size).toBe(1);
    expect(new Set(signatures).size).toBe(3);
  });

  it("takes the value itself where a policy compares it with the subject, the record or the clock", () => {
    for (const when of [
      { eq: ["ctx.deviceId", "sub.login"] },
      { eq: ["obj.state", "ctx.deviceId"] },
      { in: ["ctx.deviceId", "obj.tags"] },
    ] satisfies readonly Condition[]) {
      const engine = engineOf({ when });
      const signatures = ["a", "b", undefined].map((deviceId) => engine.contextSignature(from({ deviceId })));
      expect(new Set(signatures).size).toBe(3);
    }
    const recent = engineOf({ when: { after: ["ctx.secondFactorAt", "-PT15M"] } });
    const [early, late] = ["2026-11-21T11:50:00.000Z", "2026-11-21T11:59:00.000Z"];
    expect(recent.contextSignature(from({ secondFactorAt: early }))).not.toBe(
      recent.contextSignature(from({ secondFactorAt: late })),
    );
  });

  it("does not depend on time and channel, nor on the order of policies", () => {
    const policies = [
      { id: "a", when: office },
      { id: "b", when: { gte: ["ctx.factorLevel", 2] } as const },
      { id: "c", when: { eq: ["ctx.deviceTrusted", true] } as const },
    ];
    const context = from({ ip: "10.66.0.1", factorLevel: 1 });
    const signature = engineOf(...policies).contextSignature(context);
    expect(engineOf(...policies.toReversed()).contextSignature(context)).toBe(signature);
    const later = { ...context, time: "2030-01-01T00:00:00.000Z", channel: "api" } as const;
    expect(engineOf(...policies).contextSignature(later)).toBe(signature);
    expect(engineOf(...policies).contextSignature({ ...context, factorLevel: 2 })).not.toBe(signature);
  });

  it("cannot be made equal by what a client sends", () => {
    const engine = engineOf({
      when: { and: [{ eq: ["ctx.deviceId", "sub.login"] }, { eq: ["ctx.ip", "obj.state"] }] },
    });
    const split = engine.contextSignature(from({ deviceId: 'a","b', ip: "c" }));
    expect(engine.contextSignature(from({ deviceId: "a", ip: 'b","c' }))).not.toBe(split);
  });

  it("[POL-2] is equal only where every decision is", () => {
    const when: Condition = {
      or: [office, { and: [{ eq: ["ctx.deviceTrusted", true] }, { not: { lt: ["ctx.factorLevel", 2] } }] }],
    };
    const engine = engineOf({ when }, { effect: "deny", when: { eq: ["ctx.offline", true] } });
    const contexts = ["10.66.0.1", "198.51.100.7", undefined].flatMap((ip) =>
      [true, false, undefined].flatMap((deviceTrusted) =>
        [1, 2, undefined].flatMap((factorLevel) =>
          [true, false, undefined].map((offline) => from({ ip, deviceTrusted, factorLevel, offline })),
        ),
      ),
    );
    const decided = new Map<string, Set<boolean>>();
    for (const context of contexts) {
      const signature = engine.contextSignature(context);
      decided.set(
        signature,
        (decided.get(signature) ?? new Set()).add(engine.may(anna, "read", aContract(), context).allowed),
      );
    }
    expect([...decided.values()].every(({ size }) => size === 1)).toBe(true);
    expect(new Set([...decided.values()].flatMap((answers) => [...answers])).size).toBe(2);
  });
});

describe("attributes of the session", () => {
  const allows = (when: Condition, context: Partial<Context>) =>
    engineOf({ when }).may(anna, "read", aContract(), from(context)).allowed;

  it("a trusted device, the level of the sign-in, and how long ago the second factor was given", () => {
    expect(allows({ eq: ["ctx.deviceTrusted", true] }, { deviceTrusted: true })).toBe(true);
    expect(allows({ eq: ["ctx.deviceTrusted", true] }, { deviceTrusted: false })).toBe(false);
    expect(allows({ gte: ["ctx.factorLevel", 2] }, { factorLevel: 1 })).toBe(false);
    expect(allows({ gte: ["ctx.factorLevel", 2] }, { factorLevel: 2 })).toBe(true);
    const recent: Condition = { after: ["ctx.secondFactorAt", "-PT15M"] };
    expect(allows(recent, { secondFactorAt: "2026-11-21T11:50:00.000Z" })).toBe(true);
    expect(allows(recent, { secondFactorAt: "2026-11-21T11:40:00.000Z" })).toBe(false);
  });

  it("[POL-3] are unknown where there is none, also to a deny", () => {
    expect(allows({ exists: "ctx.secondFactorAt" }, {})).toBe(false);
    expect(allows({ not: { before: ["ctx.secondFactorAt", "-PT15M"] } }, {})).toBe(false);
    const engine = engineOf({}, { effect: "deny", when: { lt: ["ctx.factorLevel", 2] } });
    expect(engine.may(anna, "read", aContract(), noon).allowed).toBe(false);
  });

  it("[POL-6] the second factor grows old by itself", () => {
    const engine = engineOf({ when: { after: ["ctx.secondFactorAt", "-PT15M"] } });
    const context = from({ secondFactorAt: "2026-11-21T11:50:00.000Z" });
    const at = engine.nextChange(anna, aContract(), context);
    expect(at).toBe("2026-11-21T12:05:00.000Z");
    expect(engine.nextChangeOfType(anna, "contract", context).at).toBe(at);
    expect(engine.may(anna, "read", aContract(), { ...context, time: at ?? "" }).allowed).toBe(false);
  });
});
