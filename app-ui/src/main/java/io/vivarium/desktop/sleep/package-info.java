/** What the desktop does when the host goes to sleep and wakes up. */
@org.jspecify.annotations.NullMarked
package io.vivarium.desktop.sleep;
