import './base.css';
import './panel.css';
import './lists.css';
