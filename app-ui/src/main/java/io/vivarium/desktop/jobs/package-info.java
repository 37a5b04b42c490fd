/** Work off the interface thread: started, shown, cancelled, remembered. */
@org.jspecify.annotations.NullMarked
package io.vivarium.desktop.jobs;
