package io.vivarium.desktop.shell;

import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Dialogs;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.ui.Toasts;
import java.util.List;
import java.util.function.Supplier;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.Scene;
import javafx.scene.layout.StackPane;

/** What every window has above its content: questions, toasts and keys. */
public final class WindowFrame {
  private final OverlayPane overlay;
  private final ToastLayer toasts;
  private final StackPane root = new StackPane();

  public WindowFrame(Texts texts) {
    overlay = new OverlayPane(texts);
    toasts = new ToastLayer(texts);
    root.getStyleClass().add("shell");
    root.getChildren().addAll(toasts, overlay);
  }

  public void show(Node content) {
    root.getChildren().setAll(content, toasts, overlay);
  }

  public Parent root() {
    return root;
  }

  public Dialogs dialogs() {
    return overlay;
  }

  public Toasts toasts() {
    return toasts;
  }

  /** Leads the scene's keys to these verbs. */
  public void takeKeys(Scene scene, Supplier<List<Command>> commands) {
    new Shortcuts(commands, overlay).attach(scene);
  }
}
