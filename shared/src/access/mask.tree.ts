import type { Policy, ResourceType } from "./access.model.ts";
import { type Mask, maskOf } from "./mask.ts";

/**
 * Masks by the set of policies that apply, one step per policy. Few sets occur among real subjects and records; the
 * tree grows by what occurs and starts anew when somebody contrives more.
 */
export class MaskTree {
  readonly denied: Mask;
  readonly #type: ResourceType;
  #root: MaskNode;
  #size = 0;

  constructor(type: ResourceType) {
    this.#type = type;
    this.denied = { ...maskOf(type, []), denied: true };
    this.#root = this.#node([]);
  }

  root(): MaskNode {
    if (this.#size > MAX_MASKS) {
      this.#size = 0;
      this.#root = this.#node([]);
    }
    return this.#root;
  }

  #node(applying: readonly Policy[]): MaskNode {
    this.#size += 1;
    return new MaskNode(maskOf(this.#type, applying), (policy) => this.#node([...applying, policy]));
  }
}

const MAX_MASKS = 10_000; // about 10 MB at 20 fields a mask

class MaskNode {
  readonly mask: Mask;
  readonly #grow: (policy: Policy) => MaskNode;
  readonly #next = new Map<Policy, MaskNode>();

  constructor(mask: Mask, grow: (policy: Policy) => MaskNode) {
    this.mask = mask;
    this.#grow = grow;
  }

  with(policy: Policy): MaskNode {
    const known = this.#next.get(policy);
    if (known) return known;
    const grown = this.#grow(policy);
    this.#next.set(policy, grown);
    return grown;
  }
}
