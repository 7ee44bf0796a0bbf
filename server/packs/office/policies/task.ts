import { definePolicy } from "@kontor/server/objects";
import { label } from "../types/common.ts";
import {
  either,
  isCreator,
  isInMyCharge,
  isInMyDepartment,
  isOwner,
  ivan,
  olga,
  purchasing,
  sales,
} from "./conditions.ts";

const resource = "task";

export const taskPolicies = [
  definePolicy({
    id: "task-create",
    title: label("Everybody gives tasks, to colleagues too", "Каждый может поставить задачу, в том числе коллеге"),
    effect: "allow",
    resource,
    actions: ["create"],
  }),
  definePolicy({
    id: "task-read",
    title: label(
      "Tasks are read by both sides, the department and its heads",
      "Задачу видят обе стороны, подразделение и его руководители",
    ),
    effect: "allow",
    resource,
    actions: ["read"],
    when: either(isOwner, isCreator, isInMyDepartment, isInMyCharge),
    examples: [
      {
        name: "whoever gave a task sees it in another department",
        subject: { id: ivan, departments: [sales] },
        action: "read",
        resource: { owner: olga, createdBy: ivan, department: purchasing, state: "open" },
        expect: "allow",
      },
    ],
  }),
  definePolicy({
    id: "task-both-sides",
    title: label("Whoever gave a task and whoever has it work on it", "Постановщик и исполнитель ведут задачу"),
    effect: "allow",
    resource,
    actions: ["edit", "attach", "transition:start", "transition:finish", "transition:reopen"],
    when: either(isOwner, isCreator),
  }),
  definePolicy({
    id: "task-giver",
    title: label("Only whoever gave a task takes it back", "Снимает задачу только постановщик"),
    effect: "allow",
    resource,
    actions: ["delete", "restore", "transition:cancel"],
    when: isCreator,
  }),
  definePolicy({
    id: "task-heads",
    title: label("Heads direct the tasks in their charge", "Руководители распределяют задачи своих подразделений"),
    effect: "allow",
    resource,
    actions: ["edit", "transition:reopen", "transition:cancel"],
    when: isInMyCharge,
  }),
];
