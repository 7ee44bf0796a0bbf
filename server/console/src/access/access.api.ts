export type AttributeKind = "text" | "number" | "boolean" | "date" | "dateTime" | "id" | "ids" | "texts" | "money";
