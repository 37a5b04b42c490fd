/** What waits in the trash. */
@org.jspecify.annotations.NullMarked
package io.vivarium.desktop.trash;
