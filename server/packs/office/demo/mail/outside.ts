import type { MailAddress } from "@kontor/shared/mail";

/** People whom the company writes to and hears from; their companies are those of `counterparties.ts`. */
export const outside: Readonly<Record<string, MailAddress>> = {
  lunin: { address: "a.lunin@nevastan.example", name: "Аркадий Лунин" },
  panin: { address: "panin@baltterminal.example", name: "Игорь Панин" },
  ruchkin: { address: "ruchkin@polyus.example", name: "Степан Ручкин" },
  meteleva: { address: "z.meteleva@uralchem.example", name: "Зоя Метелева" },
  ryabova: { address: "ryabova@severlen.example", name: "Антонина Рябова" },
  customs: { address: "pismo@tamozhnya.example", name: "Северо-Западный таможенный пост" },
  petersen: { address: "j.petersen@hanseport.example", name: "Jürgen Petersen" },
  doyle: { address: "harriet.doyle@brightwood.example", name: "Harriet Doyle" },
  vandermeer: { address: "joost@vandermeer.example", name: "Joost van der Meer" },
  solheim: { address: "ingrid.solheim@fjordfisk.example", name: "Ingrid Solheim" },
  dvorak: { address: "dvorak@kovarna.example", name: "Tomáš Dvořák" },
  ashworth: { address: "nigel.ashworth@safehaul.example", name: "Nigel Ashworth" },
  laine: { address: "mikko.laine@cloudberry.example", name: "Mikko Laine" },
  kaya: { address: "elif.kaya@anatolia.example", name: "Elif Kaya" },
};
