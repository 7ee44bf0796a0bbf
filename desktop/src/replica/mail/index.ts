export { deriveMail, openMail, type ReplicaMail } from "./mail.service.ts";
