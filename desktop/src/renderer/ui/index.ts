export { Avatar } from "./Avatar.tsx";
export { complain } from "./complain.ts";
export { RowList, useRowList } from "./RowList.tsx";
export { Chip, Empty, StateBadge } from "./small.tsx";
export { Splitter } from "./Splitter.tsx";
export { Time } from "./Time.tsx";
export { formatSize } from "./format.ts";
export { TypeIcon } from "./TypeIcon.tsx";
export { useDraft } from "./useDraft.ts";
