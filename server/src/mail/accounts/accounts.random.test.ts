import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startDovecot, type Dovecot, type DovecotOptions } from "../../../test/mail/dovecot.ts";
import { startFaultProxy, type FaultProxy, type FaultProxyOptions } from "../../../test/mail/faultProxy.ts";
import { AccountFailure } from "./account.failure.ts";
import { letter, openBoth, picture, pictureThere, startHouse, type Both, type House } from "./accounts.fixture.ts";
import { actOnce, randomFrom, type World } from "./accounts.random.ts";

/**
 * Both sides at once: our people by their intents, another client by IMAP, with rounds of sync in the middle of it, some of them
 * while the acts go on, and some whose connection breaks at one of their commands. In the end both sides must say the same, byte for
 * byte, and nothing that nobody deleted may be missing.
 * `KONTOR_SEED` repeats a run, `KONTOR_ACCOUNT_WORLDS` is how many there are, `KONTOR_ACCOUNT_ACTS` how long each is.
 */
const seed = Number(process.env.KONTOR_SEED ?? Math.floor(Math.random() * 2 ** 31));
const WORLDS = Number(process.env.KONTOR_ACCOUNT_WORLDS ?? 2);
const ACTS = Number(process.env.KONTOR_ACCOUNT_ACTS ?? 60);

let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house.stop());

const without = ["CONDSTORE", "QRESYNC", "MOVE", "UIDPLUS", "ESEARCH", "LIST-STATUS"] as const;
const servers: Readonly<Record<string, DovecotOptions & FaultProxyOptions>> = {
  QRESYNC: {},
  CONDSTORE: { without: ["QRESYNC"] },
  "neither CONDSTORE nor MOVE": { without },
  "no word of where anything lies after it was moved": { without, tellsUids: false },
};

/** A server ends the sessions that have a folder open whose UIDVALIDITY changes, and connections break. */
async function roundUnlessCut(both: Both, thorough: boolean): Promise<void> {
  try {
    await both.round({ thorough });
  } catch (error) {
    if (!isBroken(error)) throw error;
    await reopenUnlessCut(both);
  }
}

/** The connection that is made anew may break, too, and then the next one does not. */
async function reopenUnlessCut(both: Both): Promise<void> {
  try {
    await both.reopen();
  } catch (error) {
    if (!isBroken(error)) throw error;
    await both.reopen();
  }
}

const isBroken = (error: unknown): boolean => error instanceof AccountFailure && error.reason === "closed";

describe.each(Object.entries(servers))("with %s", (name, options) => {
  let dovecot: Dovecot;
  let proxy: FaultProxy;
  beforeAll(async () => {
    dovecot = await startDovecot(options);
    proxy = await startFaultProxy(dovecot.imapPort, options);
  });
  afterAll(async () => {
    await proxy.stop();
    await dovecot.stop();
  });

  it.each(Array.from({ length: WORLDS }, (_, index) => seed + index))(
    "[ACC-1, 2, 3] both sides say the same in the end, KONTOR_SEED=%i",
    async (own) => {
      const random = randomFrom(own);
      const both = await openBoth(house, dovecot, { through: proxy.port });
      const world: World = { house, dovecot, both, random, made: new Map(), deleted: new Set(), log: [] };
      const freeing = setInterval(() => void dovecot.dropLeftLocks(both.user), 1_000);
      try {
        for (let n = 0; n < 10; n++) {
          const id = `s${n}@random`;
          await both.other.append("INBOX", letter(id));
          world.made.set(id, 1);
        }
        let running: Promise<unknown> = Promise.resolve();
        for (let act = 0; act < ACTS; act++) {
          await actOnce(world);
          if (random(4) > 0) continue;
          await running;
          world.log.push("round");
          if (random(4) === 0) {
            const [at, when] = [1 + random(60), random(2) === 0 ? "before" : "after"] as const;
            proxy.cutAt(at, when);
            world.log.push(`round: cut ${when} command ${at}`);
          }
          running = roundUnlessCut(both, random(2) === 0);
          running.catch(() => undefined);
          if (random(2)) await running;
        }
        await running;
        proxy.cutAt(0, "before");
        await both.reopen();
        await both.settle();
        const [here, there] = [await picture(house, both.mailboxId), await pictureThere(both.other)];
        const report = `${name} KONTOR_SEED=${own}\n${world.log.join("\n")}`;
        const actsUnless = (isSame: boolean) => (isSame ? [] : report.split("\n"));
        expect({ here, acts: actsUnless(isDeepStrictEqual(here, there)) }).toEqual({ here: there, acts: [] });
        const bytes = await picture(house, both.mailboxId, "bytes");
        const bytesThere = await pictureThere(both.other, "bytes");
        expect({ bytes, acts: actsUnless(isDeepStrictEqual(bytes, bytesThere)) }).toEqual({
          bytes: bytesThere,
          acts: [],
        });
        const counts = Map.groupBy(Object.values(here).flat(), (line) => line.split(" ")[0] ?? "");
        const wrong = [...world.made].flatMap(([id, made]) => {
          const count = counts.get(id)?.length ?? 0;
          if (count <= made && (count > 0 || world.deleted.has(id))) return [];
          return [
            `${id} is here ${count} times:`,
            ...world.log.filter((line) => /round/.test(line) || line.includes(id)),
          ];
        });
        expect({ wrong, acts: actsUnless(wrong.length === 0) }).toEqual({ wrong: [], acts: [] });
        const left = await house.test.pool.query(
          `select (select count(*) from mail_remote_change where mailbox_id = $1)::int as changes,
             (select count(*) from mail_remote_message where mailbox_id = $1 and folder_id is null)::int as lost`,
          [both.mailboxId],
        );
        expect({ report, left: left.rows[0] as unknown }).toEqual({ report, left: { changes: 0, lost: 0 } });
      } finally {
        clearInterval(freeing);
        await both.close();
      }
    },
    120_000,
  );
});
