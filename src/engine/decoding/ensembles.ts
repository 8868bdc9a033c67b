import type { GenerateRequest } from '../../domain/engine.ts';
import { Ensemble } from './ensemble.ts';

/** The ensembles under way, by the ids of their members. */
export class Ensembles {
  private readonly byMember = new Map<number, Ensemble>();
  /** Requests have positive ids. */
  private lastMemberId = 0;

  add(id: number, request: GenerateRequest, startTokenId: number | null): Ensemble {
    const ensemble = new Ensemble(id, request, startTokenId, () => --this.lastMemberId);
    for (const member of ensemble.members) this.byMember.set(member.id, ensemble);
    return ensemble;
  }

  of(memberId: number): Ensemble | null {
    return this.byMember.get(memberId) ?? null;
  }

  remove({ members }: Ensemble): void {
    for (const { id } of members) this.byMember.delete(id);
  }
}
