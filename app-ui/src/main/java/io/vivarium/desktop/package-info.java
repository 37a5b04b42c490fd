/** The desktop: a JavaFX client of {@link io.vivarium.client.Vivarium} and of nothing below it. */
@org.jspecify.annotations.NullMarked
package io.vivarium.desktop;
