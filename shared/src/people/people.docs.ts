/** What the replica holds of people; fields that the reader may not see are absent (VIS-2). */
export interface PersonDoc {
  readonly id: string;
  readonly name: string;
  readonly login?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly departmentId?: string;
  readonly positionId?: string;
  readonly managerId?: string;
  readonly groupIds?: readonly string[];
  readonly active: boolean;
}

export interface DepartmentDoc {
  readonly id: string;
  readonly name: { readonly en: string; readonly ru: string };
  readonly parentId?: string;
  readonly code?: string;
}

export interface GroupDoc {
  readonly id: string;
  readonly key: string;
  readonly name: { readonly en: string; readonly ru: string };
}

export interface PositionDoc {
  readonly id: string;
  readonly name: { readonly en: string; readonly ru: string };
}
