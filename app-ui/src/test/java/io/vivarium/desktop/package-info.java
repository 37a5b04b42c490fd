/** Tests of the desktop, without a display. */
@org.jspecify.annotations.NullMarked
package io.vivarium.desktop;
