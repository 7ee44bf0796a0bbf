import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startNoteServer, type NoteServer } from "@kontor/server/testing/sync";
import { openDesk, type Desk } from "./notesReplica.ts";

let server: NoteServer;
const desks: Desk[] = [];
beforeAll(async () => {
  server = await startNoteServer();
});
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
});
afterAll(() => server.stop());

const seat = (userId: string) => {
  const desk = openDesk({ url: server.url, userId });
  desks.push(desk);
  return desk;
};

describe("a replica", () => {
  it("[VIS-1] is filled with what its user may see, and follows changes", async () => {
    const ann = await server.addUser({ department: "sales" });
    const mine = await server.addNote({ owner: ann, department: "law", text: "mine", secret: "s" });
    const ours = await server.addNote({ department: "sales", text: "ours", secret: "t" });
    const theirs = await server.addNote({ department: "law", text: "theirs" });
    const comment = await server.addComment(ours, "first");
    await server.addComment(theirs, "hidden");
    const desk = seat(ann);
    await desk.until(() => desk.shown().size === 2, "two notes");
    expect(desk.shown().get(mine)).toMatchObject({ text: "mine", secret: "s" });
    expect(desk.shown().get(ours)).not.toHaveProperty("secret");
    await desk.until(() => desk.shown("comments").size === 1, "a comment");
    expect(desk.shown("comments").get(comment)).toMatchObject({ body: "first" });

    await server.editNote(ours, { text: "changed" });
    await desk.until(() => desk.shown().get(ours)?.["text"] === "changed", "the change");
    await server.setDepartment(ann, "law");
    await desk.until(() => !desk.shown().has(ours) && desk.shown().has(theirs), "the transfer");
    await desk.until(() => [...desk.shown("comments").values()][0]?.["body"] === "hidden", "the other comment");
  });

  it("sends what is done to the server, and shows it at once", async () => {
    const ann = await server.addUser({ department: "hr" });
    const bob = await server.addUser({ department: "hr" });
    const [annDesk, bobDesk] = [seat(ann), seat(bob)];
    const id = annDesk.create({ text: "hello", department: "hr" });
    expect(annDesk.shown().get(id)).toMatchObject({ text: "hello" });
    annDesk.edit(id, { rank: 5 });
    await bobDesk.until(() => bobDesk.shown().get(id)?.["rank"] === 5, "the note at bob's");
    await annDesk.until((replica) => replica.state().pending === 0, "answers");
    expect(annDesk.shown().get(id)).toMatchObject({ text: "hello", rank: 5, owner: ann });
  });
});
