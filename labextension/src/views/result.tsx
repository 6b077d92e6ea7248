import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { isOver } from '../fold';
import { Image, Run, RunFold } from '../tokens';
import { durationText, sizeText } from '../words';
import { CopyButton, CopyLine } from './copy';
import { Holds } from './holds';
import { Layers } from './layers';
import { FoldedLog } from './foldedlog';
import { DeliveryState, PushForm } from './push';
import { IService, ServiceCard } from './service';

interface IResultProps {
  run: Run;
  fold: RunFold;
  image: Image;
  archiveHref: string;
  logHref: string;
  /** The image's newest push, if there was one. */
  delivery: { run: Run; fold: RunFold } | null;
  /** The image's newest service, if there was one. */
  service: IService | null;
  /** What a new service is given; the function closes it. */
  serveForm: (close: () => void) => React.ReactNode;
  onTrain: () => void;
  onPush: (destination: string, insecure: boolean) => void;
  onCancelPush: () => void;
  onAgain: () => void;
  trans: TranslationBundle;
}

/** An image that is ready: its name and digest, what takes its space, and what to do with it. */
export function ResultCard(props: IResultProps): React.JSX.Element {
  const { run, fold, image, trans } = props;
  const [pushing, setPushing] = React.useState(false);
  const [asking, setAsking] = React.useState(false);
  const trains = image.processes.some(process => process.type === 'train');
  const serving = props.service !== null && !isOver(props.service.run.state);
  const archive = archiveName(image.reference);
  const volume = trains ? '-v "$PWD/output:/output" ' : '-p 127.0.0.1:8080:8080 ';
  return (
    <>
      <div className="jp-Mlpack-Scroll">
        <section className="jp-Mlpack-Card jp-mod-success" aria-label={trans.__('The image is ready')}>
          <p className="jp-Mlpack-Card-state" role="status">
            {trans.__('The image is ready')}
          </p>
          <h3 className="jp-Mlpack-Card-title">{image.reference}</h3>
          <p className="jp-Mlpack-Digest">
            <code title={image.digest}>{shortDigest(image.digest)}</code>
            <CopyButton text={image.digest} label={trans.__('Copy the digest')} trans={trans} />
          </p>
          <p className="jp-Mlpack-Soft">{summary(run, image, trans)}</p>
        </section>
        {props.service && <ServiceCard {...props.service} trans={trans} />}
        <Holds image={image} trans={trans} />
        <Layers image={image} exported={fold.layers} trans={trans} />
        <div className="jp-Mlpack-Commands">
          <CopyLine
            caption={trains ? trans.__('Train here, without Docker') : trans.__('Serve here, without Docker')}
            label={trans.__('Copy the command for jupyter mlpack')}
            text={`jupyter mlpack run ${image.reference}`}
            trans={trans}
          />
          <CopyLine
            caption={trans.__('With Docker')}
            aside={
              <a href={props.archiveHref} download={archive} title={archive}>
                {trans.__('Download the archive')}
              </a>
            }
            label={trans.__('Copy the command for Docker')}
            text={`docker load -i ${archive} && docker run --rm ${volume}${image.reference}`}
            trans={trans}
          />
        </div>
        {props.delivery && <DeliveryState {...props.delivery} onCancel={props.onCancelPush} trans={trans} />}
        {pushing && (
          <PushForm
            image={image.reference}
            onPush={(destination, insecure) => {
              setPushing(false);
              props.onPush(destination, insecure);
            }}
            onClose={() => setPushing(false)}
            trans={trans}
          />
        )}
        <FoldedLog fold={fold} href={props.logHref} initially={false} trans={trans} />
        {asking && !serving && props.serveForm(() => setAsking(false))}
      </div>
      <div className="jp-Mlpack-Footer">
        <div className="jp-Mlpack-Row jp-mod-end jp-mod-wrap">
          <button type="button" className="jp-Mlpack-Button jp-mod-quiet" onClick={props.onAgain}>
            {trans.__('Build again')}
          </button>
          <button
            type="button"
            className="jp-Mlpack-Button"
            aria-expanded={pushing}
            onClick={() => setPushing(!pushing)}
          >
            {trans.__('Push')}
          </button>
          {trains && (
            <button type="button" className="jp-Mlpack-Button jp-mod-primary" onClick={props.onTrain}>
              {trans.__('Run training')}
            </button>
          )}
          {!trains && (
            <button
              type="button"
              className="jp-Mlpack-Button jp-mod-primary"
              aria-disabled={serving}
              aria-expanded={asking && !serving}
              title={serving ? trans.__('It runs already') : undefined}
              onClick={() => !serving && setAsking(!asking)}
            >
              {trans.__('Run service')}
            </button>
          )}
        </div>
      </div>
    </>
  );
}

function shortDigest(digest: string): string {
  return digest.replace(/^(sha256:[0-9a-f]{12})[0-9a-f]+$/, '$1');
}

/** The file that a browser saves: `digits-training.tar`. */
function archiveName(reference: string): string {
  return `${reference.replace(/^.*\//, '').replace(/[^A-Za-z0-9._-]+/g, '-')}.tar`;
}

/** `176 MB, built in 12 s; 13 of 14 layers reused`. */
function summary(run: Run, image: Image, trans: TranslationBundle): string {
  const reused = image.layers.filter(layer => layer.reused).length;
  const taken = run.started === null || run.ended === null ? null : run.ended - run.started;
  return [
    sizeText(image.size),
    taken === null ? '' : trans.__('built in %1', durationText(taken, trans)),
    trans.__('%1 of %2 layers reused', reused, image.layers.length)
  ]
    .filter(Boolean)
    .join(' · ');
}
