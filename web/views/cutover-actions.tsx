import type { Snapshot } from '../../src/overview/index.ts';
import { encoded } from '../lib/place.ts';
import { Action } from '../parts/action.tsx';

/** What an operator may say to a cutover that is under way. */
export function CutoverActions({ cutover }: { cutover: Snapshot['cutovers'][number] }) {
  const { run, plan, state, alive, step, waitingFor, pastNoReturn } = cutover;
  const path = (verb: string): string => `cutovers/${encoded(run)}/${verb}`;
  if (!alive) return null;
  return (
    <div class="buttons">
      {state === 'waiting' && step !== null && waitingFor?.includes('approval') && (
        <Action
          label="Approve"
          title={`Approve step ${step} of cutover ${run}`}
          means={`It waits for ${waitingFor}. With your approval ${plan} goes on.`}
          path={path('approve')}
          says={{ step }}
        />
      )}
      {state !== 'paused' && state !== 'rollingBack' && (
        <Action
          label="Pause"
          title={`Pause cutover ${run}`}
          means="It stops before its next step; the one in hand is finished. To go on: qctl cutover resume"
          path={path('pause')}
        />
      )}
      {state !== 'rollingBack' && (
        <Action
          label="Abort"
          title={`Abort cutover ${run}`}
          means={
            pastNoReturn
              ? 'It is past its point of no return: this will be refused.'
              : 'Breaks off the step in hand and takes back all that was done, the newest first.'
          }
          path={path('abort')}
          danger
        />
      )}
    </div>
  );
}
