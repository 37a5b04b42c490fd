/** Recipes that make images out of the host distribution's public packages. */
@org.jspecify.annotations.NullMarked
package io.vivarium.images.recipe;
