import { useEffect, useState } from 'react';
import { lockInWords, nameOf, type AuditRecord, type Lock } from '../lib/audit';
import { asProblem, type Problem } from '../lib/problem';
import { absoluteTime } from '../lib/time';
import { Button } from '../ui/button';
import { Icon } from '../ui/icons';
import { toastDone, toastError } from '../ui/toasts';
import { FormProblem } from './entrance';

/** Who is locked out by what was taken for an attack, with the way back. Nothing where nobody is. */
export function Locks({ record, names }: { record: AuditRecord; names: ReadonlyMap<string, string> }) {
  const [locks, setLocks] = useState<Lock[] | null>(null);
  const [subjects, setSubjects] = useState<ReadonlyMap<string, string>>(new Map());
  const [problem, setProblem] = useState<Problem | null>(null);
  const [ending, setEnding] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    void (async () => {
      try {
        const found = await record.locks(controller.signal);
        const users = found.map((lock) => lock.subject).filter((subject) => subject.startsWith('usr_'));
        const called = await record.names(users, controller.signal);
        if (controller.signal.aborted) return;
        setLocks(found);
        setSubjects(called);
        setProblem(null);
      } catch (error) {
        if (!controller.signal.aborted) setProblem(asProblem(error));
      }
    })();
    return () => controller.abort();
  }, [record, round]);

  const end = async (lock: Lock) => {
    setEnding(lock.id);
    try {
      await record.endLock(lock.id);
      toastDone('The lock has ended');
    } catch (error) {
      toastError(error, 'The lock was not ended');
    }
    setEnding(null);
    setRound((before) => before + 1);
  };
  if (problem && problem.status !== 403) return <div className="mb-5"><FormProblem problem={problem} /></div>;
  if (!locks || locks.length === 0) return null;
  return (
    <section aria-labelledby="locks-title" className="mb-8" data-testid="locks">
      <h2 id="locks-title" className="mb-3 text-base font-[620]">Locked out</h2>
      <ul className="divide-y divide-line rounded-xl border border-line bg-surface shadow-card">
        {locks.map((lock) => {
          const who = lock.subject.startsWith('usr_') ? nameOf(lock.subject, new Map([...names, ...subjects])) : lock.subject || 'An e-mail without an account';
          return (
            <li key={lock.id} data-testid="lock-row" className="flex items-center gap-3 px-4 py-3">
              <span className="flex size-9 shrink-0 items-center justify-center rounded-full bg-warn-soft text-warn"><Icon name="shield" size={18} /></span>
              <div className="min-w-0 flex-1">
                <p className="truncate text-base font-[550]" title={lock.subject}>{who}</p>
                <p className="text-sm text-muted">{lockInWords(lock)}; until {absoluteTime(lock.until)}</p>
              </div>
              <Button busy={ending === lock.id} onClick={() => void end(lock)} aria-label={`End it: ${who}`} data-testid="lock-end">End it</Button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
