import { queueRecipe } from './queue.ts';
import type { RecipeInputs } from './recipe.ts';

export type { RecipeInputs } from './recipe.ts';

/** What plans can be begun with, by name. */
export const RECIPES: Readonly<Record<string, (inputs: RecipeInputs) => string>> = { queue: queueRecipe };
