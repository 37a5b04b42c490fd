/** What the views show, kept on the interface thread and fed from the background. */
@org.jspecify.annotations.NullMarked
package io.vivarium.desktop.model;
