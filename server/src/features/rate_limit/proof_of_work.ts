/** What a stranger's computer spends, so that a flood costs those who send it. */
export type ProofOfWork = {
  /** A new challenge of the tenant as JSON. Asking for one writes nothing. */
  challenge(tenantId: string): Promise<string>;
  /** What names the challenge that a solution solves, the same each time; undefined if that is none of the tenant's, too old, or not solved by it. */
  solved(tenantId: string, solution: string): Promise<string | undefined>;
};
