/** Small pieces that all views share. */
@org.jspecify.annotations.NullMarked
package io.vivarium.desktop.ui;
