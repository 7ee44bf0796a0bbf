/** One row of two texts side by side; a side that is absent has nothing there. */
export interface DiffRow {
  readonly before?: string;
  readonly after?: string;
}

/** Longest common subsequence of lines: fine for a policy, whose text is bounded to some hundreds of lines. */
export function lineDiff(before: string, after: string): readonly DiffRow[] {
  const a = before.split("\n");
  const b = after.split("\n");
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  const at = (i: number, j: number) => lengths[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      (lengths[i] as Uint16Array)[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const rows: DiffRow[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (left !== undefined && left === right) {
      rows.push({ before: left, after: right });
      i += 1;
      j += 1;
    } else if (right === undefined || (left !== undefined && at(i + 1, j) >= at(i, j + 1))) {
      rows.push({ before: left as string });
      i += 1;
    } else {
      rows.push({ after: right });
      j += 1;
    }
  }
  return paired(rows);
}

/** A line that was replaced stands beside what replaced it. */
function paired(rows: readonly DiffRow[]): readonly DiffRow[] {
  const out: DiffRow[] = [];
  let waiting: number[] = [];
  for (const row of rows) {
    const target = row.before === undefined ? waiting.shift() : undefined;
    if (target !== undefined) {
      out[target] = { ...out[target], ...row };
      continue;
    }
    if (row.after === undefined) waiting.push(out.length);
    else waiting = [];
    out.push(row);
  }
  return out;
}
