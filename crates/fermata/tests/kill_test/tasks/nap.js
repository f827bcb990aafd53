/** Sleeps once. */
export default async ({ ms }, tools) => {
  await tools.sleep(ms);
  return 'rested';
};
