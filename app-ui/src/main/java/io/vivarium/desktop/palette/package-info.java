/** Every verb by its name. */
@org.jspecify.annotations.NullMarked
package io.vivarium.desktop.palette;
