/** The extension's icons. Their shapes have the class `jp-icon3`, so they follow the theme. */
import { LabIcon } from '@jupyterlab/ui-components';
import builds from '../style/icons/builds.svg';
import jobs from '../style/icons/jobs.svg';
import mlpack from '../style/icons/mlpack.svg';

/** A box: a notebook becomes an image. */
export const mlpackIcon = new LabIcon({ name: 'jupyter-mlpack:box', svgstr: mlpack });

/** A stack of layers: the images that were built. */
export const buildsIcon = new LabIcon({ name: 'jupyter-mlpack:builds', svgstr: builds });

/** A curve: trainings. */
export const jobsIcon = new LabIcon({ name: 'jupyter-mlpack:jobs', svgstr: jobs });
