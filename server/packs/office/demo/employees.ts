import type { ImportedRecord } from "@kontor/server/objects";
import type { Calendar } from "./calendar.ts";
import { departmentId, people, personOf, positionOf } from "./company.ts";
import { demoId, type Chance } from "./random.ts";

const salaries: Readonly<Record<string, readonly [from: number, to: number]>> = {
  director: [480, 520],
  "deputy-director": [380, 420],
  cfo: [360, 400],
  "department-head": [210, 290],
  lawyer: [140, 190],
  "sales-manager": [110, 160],
  accountant: [95, 130],
  buyer: [100, 135],
  engineer: [150, 190],
  "customs-agent": [100, 130],
  "hr-specialist": [90, 120],
  dispatcher: [85, 115],
  secretary: [80, 100],
  "warehouse-clerk": [75, 95],
};

/** A card for everybody who works here. */
export function employeeRecords(calendar: Calendar, chance: Chance): readonly ImportedRecord[] {
  const hr = personOf("irina");
  return people.map((person, index) => {
    const isRussian = person.locale === "ru";
    const [from, to] = salaries[person.position] ?? [90, 120];
    const salary = chance.whole(from, to) * 1_000;
    const hiredDaysAgo = index % 13 === 5 ? chance.whole(20, 70) : chance.whole(200, 3_000);
    const cardDaysAgo = Math.min(hiredDaysAgo, 900 - index);
    const phone = () =>
      isRussian
        ? `+7 921 000-${chance.whole(10, 99)}-${chance.whole(10, 99)}`
        : `+49 40 000 ${chance.whole(1000, 9999)}`;
    const position = positionOf(person.position);
    const confirm = { at: calendar.at(Math.max(0, cardDaysAgo - 90), 12), by: hr.id, transition: "confirm" } as const;
    const leave = { at: calendar.at(4, 9), by: hr.id, transition: "goOnLeave" } as const;
    const raise = { at: calendar.at(120, 14), by: hr.id, set: { salary: rouble(salary) } } as const;
    const isNew = hiredDaysAgo < 90;
    return {
      id: demoId("employee", person.login),
      type: "employee",
      createdAt: calendar.at(cardDaysAgo, 9, index),
      createdBy: hr.id,
      fields: {
        fullName: person.name,
        person: person.id,
        staffNumber: String(1_000 + index * 7),
        jobTitle: position[person.locale],
        department: departmentId(person.department),
        ...(person.manager !== undefined && { manager: personOf(person.manager).id }),
        hiredOn: calendar.day(hiredDaysAgo),
        workPhone: `+7 812 000-14-14 ${isRussian ? "доб." : "ext."} ${100 + index}`,
        birthday: `${chance.whole(1966, 2001)}-${String(chance.whole(1, 12)).padStart(2, "0")}-${String(chance.whole(1, 28)).padStart(2, "0")}`,
        privatePhone: phone(),
        address: isRussian
          ? `Санкт-Петербург, ${chance.pick(["пр. Энгельса", "ул. Савушкина", "Лиговский пр.", "ул. Бухарестская"])}, д. ${chance.whole(1, 120)}, кв. ${chance.whole(1, 200)}`
          : `${chance.pick(["Elbchaussee", "Osterstraße", "Lange Reihe"])} ${chance.whole(1, 90)}, 20095 Hamburg`,
        emergencyContact: isRussian ? `Родственник, ${phone()}` : `Family, ${phone()}`,
        salary: rouble(isNew ? salary : Math.round((salary * 0.92) / 1_000) * 1_000),
        bonusRate: chance.pick([0, 5, 10, 10, 15, 20]),
        grade: `g${Math.min(12, Math.max(1, Math.round(salary / 40_000)))}`,
        payAccount: `40817810${Array.from({ length: 12 }, () => chance.whole(0, 9)).join("")}`,
        nextReview: calendar.day(-chance.whole(20, 300)),
      },
      steps: isNew ? [] : [confirm, ...(cardDaysAgo > 220 ? [raise] : []), ...(index % 12 === 3 ? [leave] : [])],
    };
  });
}

const rouble = (amount: number) => ({ amount: `${amount}.00`, currency: "RUB" });
