// The button for a replay of all that match.

import { useState } from 'preact/hooks';

import './replay.css';

import type { EndpointDetail } from '../../../api/client';
import { t } from '../../../texts';
import { Button } from '../../../ui/button';
import { ReplayIcon } from '../../../ui/icons';
import { MatchingDialog } from './matching';
import { useShownReplay } from './shown';

export { ReplayProgress } from './progress';

export function ReplayMatching({ endpoint }: { endpoint: EndpointDetail }) {
  const [isOpen, setOpen] = useState(false);
  const { show } = useShownReplay(endpoint.id);
  return (
    <>
      <Button small icon={<ReplayIcon size={15} />} onClick={() => setOpen(true)}>
        {t('replay.open')}
      </Button>
      {isOpen && <MatchingDialog endpoint={endpoint} open onClose={() => setOpen(false)} onStarted={(replay, expected) => show(replay.id, expected)} />}
    </>
  );
}
