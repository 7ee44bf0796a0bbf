import type { ResourceInstance, SqlPredicate } from "@kontor/shared/access";

/** Where the resources of one type are read from, a page at a time. */
export interface ResourceSource {
  readonly type: string;
  /** About how many there are, for the progress bar. */
  estimate(): Promise<number>;
  /** In the order of ids, those with an id after `after`; `attributes` are all that is asked of them. */
  page(after: string | undefined, attributes: readonly string[]): Promise<ResourcePage>;
  /** Of those that still exist. */
  titlesOf(ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** How many rows the user's replicas hold of resources that are lost, with what hangs on those. */
  countHeld(userId: string, lost: LostResources): Promise<number>;
}

export interface ResourcePage {
  readonly rows: readonly SourceRow[];
  /** Where the next page begins; absent: this was the last. */
  readonly next?: string | undefined;
}

export interface SourceRow {
  readonly id: string;
  readonly attributes: ResourceInstance["attributes"];
}

/** The same question in two forms: for those who ask the database, and for those who hold rows in memory. */
export interface LostResources {
  before(): SqlPredicate;
  after(): SqlPredicate;
  isLost(attributes: ResourceInstance["attributes"]): boolean;
}
