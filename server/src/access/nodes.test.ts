import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { ownersRead, startAdministrationServer } from "./administration.fixture.ts";

let server: Awaited<ReturnType<typeof startAdministrationServer>>;
beforeAll(async () => {
  server = await startAdministrationServer();
});
afterAll(() => server.stop());

const contractOf = (owner: string) => ({ type: "contract", attributes: { owner } });

it("a set published on one node is in force on the others at once, and their listeners hear of it", async () => {
  const other = await server.startNode();
  const heard: string[] = [];
  other.onPublished(({ rev }) => heard.push(`${rev} ${other.engine().rev}`));
  const { rev } = await server.access.publish([], server.people.root.id);
  await vi.waitFor(() => expect(other.engine().rev).toBe(rev));
  await other.publish([ownersRead], server.people.root.id);
  await vi.waitFor(() => expect(server.access.engine().rev).toBe(String(Number(rev) + 1)));
  expect(heard).toEqual([`${rev} ${rev}`, `${Number(rev) + 1} ${Number(rev) + 1}`]);
});

it("[VIS-5] a node that hears no ring decides by the new set all the same, for everybody who asks after the commit", async () => {
  const deaf = await server.startNode({ doorbell: { onRing: () => () => undefined } });
  const { anna } = server.people;
  for (let round = 0; round < 20; round++) {
    const opens = round % 2 === 0;
    await server.access.publish(opens ? [ownersRead] : [], server.people.root.id);
    const [subject] = await Promise.all([deaf.subjectOf(anna.id), deaf.subjectOf(anna.id)]);
    const { time } = deaf.contextOf({ channel: "api" }, "127.0.0.1");
    expect(deaf.engine().may(subject, "read", contractOf(anna.id), { time, channel: "api" }).allowed).toBe(opens);
  }
});

it("[VIS-5] a look that began before the commit is not taken for one that began after it", async () => {
  const deaf = await server.startNode({ doorbell: { onRing: () => () => undefined } });
  for (let round = 0; round < 20; round++) {
    const looking = Array.from({ length: 5 }, () => deaf.refresh()); // under way while the set is published
    const { rev } = await server.access.publish([], server.people.root.id);
    await deaf.refresh();
    expect(deaf.engine().rev).toBe(rev);
    await Promise.all(looking);
  }
});

it("a listener that fails keeps neither the set nor the other listeners back", async () => {
  const heard = vi.fn<() => void>();
  const stops = [
    server.access.onPublished(() => {
      throw new Error("a listener's own trouble");
    }),
    server.access.onPublished(heard),
  ];
  const { rev } = await server.access.publish([ownersRead], server.people.root.id);
  for (const stop of stops) stop();
  expect(server.access.engine().rev).toBe(rev);
  expect(heard).toHaveBeenCalledOnce();
});

it("nodes that start at once, and publish at once, agree on one order", async () => {
  const nodes = await Promise.all([server.startNode(), server.startNode(), server.startNode()]);
  const published = await Promise.all(
    Array.from({ length: 12 }, (_, at) =>
      (nodes[at % 3] as (typeof nodes)[number]).publish(at % 2 === 0 ? [] : [ownersRead], server.people.root.id),
    ),
  );
  expect(new Set(published.map(({ rev }) => rev)).size).toBe(12);
  const newest = String(Math.max(...published.map(({ rev }) => Number(rev))));
  await vi.waitFor(() => expect(nodes.map((node) => node.engine().rev)).toEqual([newest, newest, newest]));
});
