/** JupyterLab's own form and list for notebook jobs (jupyter-scheduler): the job runs in a container of the notebook. */
import { closeKernels, openLab } from '../helpers/lab';
import { screen } from '../helpers/screen';
import { notebook } from '../helpers/site';
import { expect, test } from '../helpers/test';

test.afterEach(closeKernels);

test('a notebook job runs in a container', async ({ page }) => {
  test.setTimeout(420_000);
  await openLab(page, notebook('small', 'nightly'));
  // whoever is quicker gets their form without a notebook
  await expect(page.getByText('Python 3 (ipykernel) | Idle')).toBeVisible({ timeout: 90_000 });
  await page.locator('.jp-NotebookPanel-toolbar [data-jp-item-name=create-job]').click({ timeout: 60_000 });
  const form = page.locator('.jp-notebook-jobs-panel');
  await expect(form.getByText('Create Job')).toBeVisible({ timeout: 60_000 });
  await expect(form.getByLabel('Input file')).toHaveValue('nightly/nightly.ipynb');
  await screen(page, 'scheduler-form');
  await form.getByRole('button', { name: 'Create', exact: true }).click();
  // the list does not renew itself
  await expect(async () => {
    await form.getByRole('button', { name: 'Reload' }).click({ timeout: 5000 });
    await expect(form.getByText('Completed')).toBeVisible({ timeout: 3000 });
  }).toPass({ timeout: 200_000 });
  await screen(page, 'scheduler-list');
});
