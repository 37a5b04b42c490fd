package io.vivarium.desktop.shell;

import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.ui.Toasts;
import javafx.animation.PauseTransition;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.util.Duration;
import org.jspecify.annotations.Nullable;

/** The toasts, newest last; one that the mouse is on stays. */
final class ToastLayer extends VBox implements Toasts {
  private static final Duration SHOWN = Duration.seconds(8);
  private static final int MAX_SHOWN = 3;

  private final Texts texts;

  ToastLayer(Texts texts) {
    this.texts = texts;
    getStyleClass().add("toasts");
    setAlignment(Pos.BOTTOM_CENTER);
    // Between the toasts the mouse reaches what is below.
    setPickOnBounds(false);
  }

  @Override
  public void show(String text, @Nullable String action, Runnable onAction) {
    HBox toast = Nodes.row("toast", Nodes.label(text, "toast-text"));
    toast.setMaxSize(Region.USE_PREF_SIZE, Region.USE_PREF_SIZE);
    if (action != null) {
      Button button =
          Nodes.button(
              action,
              () -> {
                getChildren().remove(toast);
                onAction.run();
              },
              "toast-action");
      toast.getChildren().add(Nodes.id(button, "toast-action"));
    }
    Button close =
        Nodes.iconButton(texts.get("banner.close"), Icons.CLOSE, () -> getChildren().remove(toast));
    close.getStyleClass().add("toast-close");
    toast.getChildren().add(close);
    getChildren().add(toast);
    if (getChildren().size() > MAX_SHOWN) {
      getChildren().removeFirst();
    }
    PauseTransition life = new PauseTransition(SHOWN);
    life.setOnFinished(e -> getChildren().remove(toast));
    toast
        .hoverProperty()
        .subscribe(
            hovered -> {
              if (hovered) {
                life.stop();
              } else {
                life.playFromStart();
              }
            });
  }
}
