import type { BucketState, Hello } from "@kontor/shared/protocol";
import type { Database, Log } from "#kernel";
import { hasChangesFrom } from "./changeLog.repo.ts";
import { readBuckets, type Held } from "./feed.repo.ts";
import type { FeedStart } from "./feed.ts";
import type { SyncMetrics } from "./metrics.ts";
import { placesOf, type Place } from "./place.ts";
import { findProfilesByNo } from "./profile.repo.ts";
import type { ProfileState } from "./profile.ts";

/** What a device says of itself in HELLO: where its feed begins, and whether it holds what its profile says it should. */
export interface HelloReader {
  startOf(hello: Hello, state: ProfileState): Promise<FeedStart>;
  /** Undefined when it is not known any more what a device in these places may hold. */
  startFrom(places: readonly Place[], state: Pick<ProfileState, "no" | "position">): Promise<FeedStart | undefined>;
  /** The buckets that differ. Undefined when it cannot be said now, because the device or the profile is not up to date. */
  compare(hello: Hello, state: ProfileState): Promise<readonly string[] | undefined>;
}

export interface HelloDeps {
  readonly db: Database;
  readonly userId: string;
  readonly epoch: string;
  readonly metrics: Pick<SyncMetrics, "repairs">;
  readonly log: Log;
}

export function createHelloReader({ db, epoch, log, metrics, userId }: HelloDeps): HelloReader {
  async function startFrom(
    places: readonly Place[],
    { no, position: to }: Pick<ProfileState, "no" | "position">,
  ): Promise<FeedStart | undefined> {
    const [first] = places;
    if (first && places.length === 1 && first.no === no)
      return first.position <= to ? { mode: "resume", from: first.position, to } : undefined;
    const profiles = await findProfilesByNo(
      db,
      userId,
      places.map((place) => place.no),
    );
    const held = places.flatMap((place): Held[] => {
      const profile = profiles.find((each) => each.no === place.no);
      return profile && place.position <= profile.position ? [{ ...place, profileId: profile.id }] : [];
    });
    return held.length === places.length ? { mode: "switch", held, to } : undefined;
  }

  return {
    async startOf({ cookie, buckets }, state) {
      const places = cookie && placesOf(epoch, cookie);
      const start = places && (await startFrom(places, state));
      // A cookie from before a restore, from beyond the feed's end, or of a dropped profile says nothing here (SYN-12).
      return start ?? { mode: "reset", to: state.position, fresh: buckets.every((bucket) => bucket.count === 0) };
    },
    startFrom,
    async compare(hello, state) {
      if (hello.cookie?.position !== state.position || state.more || state.pending) return undefined;
      const ours = new Map((await readBuckets(db, state.profileId)).map((bucket) => [bucket.bucket, bucket]));
      // What was sent in the meantime may be newer than the profile remembers: then the comparison would mistake.
      if (await hasChangesFrom(db, state.horizon)) return undefined;
      const differing = differences(ours, hello.buckets);
      for (const bucket of differing) metrics.repairs.inc({ bucket: ours.has(bucket) ? bucket : "unknown" });
      if (differing.length > 0) log.warn({ buckets: differing }, "[SYN-10] a replica differs and is repaired");
      return differing;
    },
  };
}

function differences(ours: ReadonlyMap<string, BucketState>, theirs: readonly BucketState[]): readonly string[] {
  const held = new Map(theirs.filter((bucket) => bucket.count > 0).map((bucket) => [bucket.bucket, bucket]));
  const names = new Set([...ours.keys(), ...held.keys()]);
  return [...names].filter((name) => {
    const [our, their] = [ours.get(name), held.get(name)];
    return our?.count !== their?.count || our?.hash !== their?.hash;
  });
}
