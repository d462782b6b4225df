import { useState, type SyntheticEvent } from 'react';
import { asProblem, type Problem } from '../lib/problem';

/** Runs a form's request once at a time and holds what it was answered. It stays busy once it is done: the form goes. */
export function useSubmit<T>(work: () => Promise<T>, done: (result: T) => void) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      done(await work());
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  /** What was refused about one field, for the field itself. */
  const at = (field: string): string | null => (problem?.field === field ? problem.detail || problem.title : null);
  /** What is wrong with none of these fields. */
  const beside = (...fields: string[]): Problem | null => (problem && !fields.includes(problem.field ?? '') ? problem : null);
  return { busy, problem, at, beside, submit: (event: SyntheticEvent) => void submit(event), again: () => setBusy(false) };
}
