import { useWords } from "../../words/words.ts";
import { CopyText } from "../CopyText.tsx";
import type { Finding } from "../mail.api.ts";
import { StateMark, type Tone } from "../StateMark.tsx";

const tones: Readonly<Record<Finding["state"], Tone>> = { ok: "good", poor: "warn", missing: "bad", unknown: "quiet" };
const algorithms = { rsa: "RSA", ed25519: "Ed25519" } as const;

/** One thing that the DNS must say: what stands there, and what should. */
export function FindingRow({ finding }: { readonly finding: Finding }) {
  const { t } = useWords();
  const { what, state, reason, found, wanted, algorithm } = finding;
  const name = what === "dkim" && algorithm ? `DKIM · ${algorithms[algorithm]}` : what.toUpperCase();
  return (
    <li
      style={{
        display: "grid",
        gridTemplateColumns: "minmax(110px, 130px) minmax(110px, 140px) minmax(0, 1fr)",
        gap: 12,
        padding: "10px 0",
        borderTop: "1px solid var(--line)",
      }}
    >
      <b style={{ fontWeight: 560 }}>{name}</b>
      <span>
        <StateMark tone={tones[state]}>{t(`mail.dns.state.${state}`)}</StateMark>
      </span>
      <div style={{ display: "grid", gap: 6, minWidth: 0 }}>
        <span>{t(`mail.dns.${what}.${reason}` as "mail.dns.mx.fine")}</span>
        {state !== "ok" && found.length > 0 && (
          <span className="quiet" style={{ overflowWrap: "anywhere" }}>
            {t("mail.dns.found")}: {found.join(" · ")}
          </span>
        )}
        {wanted && state !== "ok" && (
          <div style={{ display: "grid", gap: 4 }}>
            <span className="quiet">{t("mail.dns.set", { type: wanted.type, name: wanted.name })}</span>
            <CopyText text={wanted.value} label={`${wanted.type} ${wanted.name}`} />
          </div>
        )}
      </div>
    </li>
  );
}
