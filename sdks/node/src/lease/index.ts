// The lease protocol as a pure state machine, for whoever brings his own transport: the server keeps its verdicts by it.
export type { FeedChange, Notice, SessionFacts, TokenFacts } from './facts.ts';
export { entryKey } from './facts.ts';
export { type AnswerUse, type Ask, LeaseMachine, type TokenDecision, type Use } from './machine.ts';
export type { Reading } from './reading.ts';
export { type LeaseSettings, NODE_LEASE, SDK_LEASE } from './settings.ts';
