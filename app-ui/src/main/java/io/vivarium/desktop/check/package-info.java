/** The host check. */
@org.jspecify.annotations.NullMarked
package io.vivarium.desktop.check;
